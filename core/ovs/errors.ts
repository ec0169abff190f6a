/**
 * `no-bridge`: the bridge is missing; `elsewhere`: the port is in another bridge; `foreign`: it is not of the kind we make;
 * `not-initialised`: the database has no Open_vSwitch row; `timeout`, `gone`: while waiting.
 */
export type OvsErrorCode = 'no-bridge' | 'elsewhere' | 'foreign' | 'not-initialised' | 'timeout' | 'gone'

/** The local switch can't be brought, or has not come, where it should be. */
export class OvsError extends Error {
  override readonly name = 'OvsError'
  readonly code: OvsErrorCode

  constructor(code: OvsErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
