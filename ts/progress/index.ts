export { formatValue, type Logs } from './format.js'
export { createReporter, type Reporter, type ReporterOptions, type ReporterStream, type Verbose } from './reporter.js'
