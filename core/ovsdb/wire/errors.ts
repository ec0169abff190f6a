/** The peer sent bytes that are no OVSDB traffic. The stream can't be resynchronised: the connection has to go. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code = 'protocol'
}

/** A value that OVSDB can't carry. Nothing was sent: the server would have dropped the connection without a word. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError'
  readonly code = 'encode'
}
