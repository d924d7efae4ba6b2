import type { DeviceInfo } from '../native/binding.cjs'
import { native } from './native.js'

export type { DeviceInfo }

/** The devices that there are, the CPU first, and those that there could be with the reason why they are not available. */
export async function devices(): Promise<[cpu: DeviceInfo, ...others: DeviceInfo[]]> {
  return native.devices() as [DeviceInfo, ...DeviceInfo[]]
}
