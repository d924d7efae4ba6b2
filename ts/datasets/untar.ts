const block = 512

/**
 * Calls `entry` for each regular file of a tar archive. Knows as much of the format as archives of known content need:
 * names of up to 100 bytes and sizes in octal digits, as in POSIX ustar.
 *
 * @param stream - The archive, decompressed.
 * @param entry - Receives the name and the content; what it leaves unread is skipped.
 */
export async function untar(
  stream: AsyncIterable<Buffer>,
  entry: (name: string, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const chunks = stream[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)

  /** The next bytes of the archive, at least one and at most `most`; `undefined` at its end. */
  async function take(most: number): Promise<Buffer | undefined> {
    while (rest.length === 0) {
      const { value, done } = await chunks.next()
      if (done) return undefined
      rest = value
    }
    const taken = rest.subarray(0, most)
    rest = rest.subarray(taken.length)
    return taken
  }

  async function* bytes(count: number): AsyncGenerator<Buffer, void> {
    for (let left = count; left > 0; ) {
      const taken = await take(left)
      if (!taken) throw new Error(`the archive is truncated: ${left} bytes are missing`)
      left -= taken.length
      yield taken
    }
  }

  async function read(count: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const part of bytes(count)) parts.push(part)
    return Buffer.concat(parts)
  }

  for (;;) {
    const header = await read(block)
    // An archive ends with blocks of zeros.
    if (header.every(byte => byte === 0)) return
    const text = (start: number, length: number) =>
      header.toString('latin1', start, start + length).replace(/\0.*$/s, '')
    const [name, size, type] = [text(0, 100), Number.parseInt(text(124, 12), 8), text(156, 1)]
    if (!Number.isSafeInteger(size) || size < 0) throw new Error(`the archive is damaged: '${name}' has no valid size`)
    const content = bytes(size)
    if (type === '0' || type === '') await entry(name, content)
    for await (const _ of content) {
      // Skips what the entry did not read.
    }
    await read((block - (size % block)) % block)
  }
}
