import type { DeviceInfo, DeviceLibrary } from '../native/binding.cjs'
import { native } from './native.js'

export type { DeviceInfo, DeviceLibrary }

/**
 * The devices that there are, the CPU first, and those that there could be with the reason why they are not available. Of
 * CUDA it says which libraries were found, where, and what was looked for.
 */
export async function devices(): Promise<[cpu: DeviceInfo, ...others: DeviceInfo[]]> {
  return native.devices() as [DeviceInfo, ...DeviceInfo[]]
}
