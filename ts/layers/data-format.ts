/** Where the channels are: the last axis (the default), or axis 1. */
export type DataFormat = 'channelsLast' | 'channelsFirst' | 'channels_last' | 'channels_first'

/** A number for height and width, or one for each. */
export type Size2D = number | readonly [height: number, width: number]

/** A number for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`. */
export type Borders2D = Size2D | readonly [vertical: readonly [number, number], horizontal: readonly [number, number]]
