import { type Principal, PRINCIPAL_HEADER, type PrincipalSigner } from '@tongchou/access';

/** Who sends a request, and how the services are told so. */
export class Caller {
  private readonly signed = new Map<string, Promise<string>>();

  constructor(
    readonly principal: Principal,
    private readonly requestId: string,
    private readonly sign: PrincipalSigner,
  ) {}

  /** What proves to `service` who asks: for it and this request alone, signed once however often it is called. */
  async headersFor(service: string): Promise<Readonly<Record<string, string>>> {
    const known = this.signed.get(service);
    const signed = known ?? this.sign(this.principal, service, this.requestId);
    if (!known) this.signed.set(service, signed);
    return { [PRINCIPAL_HEADER]: await signed, 'x-request-id': this.requestId };
  }
}
