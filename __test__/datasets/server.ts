import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server on this machine for the time of a test. */
export async function serve(listener: RequestListener): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Serves files from memory, by path; everything else is 404. */
export function files(content: Record<string, Buffer>): RequestListener {
  return (request, response) => {
    const body = content[request.url ?? '']
    if (!body) response.writeHead(404).end()
    else response.writeHead(200, { 'content-length': body.length }).end(body)
  }
}
