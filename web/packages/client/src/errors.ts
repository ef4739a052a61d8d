/** A message that the protocol does not allow, or bytes that are no message at all. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
