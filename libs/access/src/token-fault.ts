/**
 * A token that proves nothing. One kind for every fault: who sends it learns nothing of what exists or what was wrong;
 * `why` is for the log.
 */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
  readonly why: string;

  constructor(why: string, options?: ErrorOptions) {
    super('Send a valid bearer token: authorization: Bearer TOKEN.', options);
    this.why = why;
  }
}
