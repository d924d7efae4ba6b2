import type { DeviceInfo } from '../native/binding.cjs'
import { native } from './native.js'

export type { DeviceInfo }

/** The devices that there are, and those that there could be with the reason why they are not available. */
export async function devices(): Promise<DeviceInfo[]> {
  return native.devices()
}
