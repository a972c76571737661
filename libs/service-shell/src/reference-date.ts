import { isoDate, type IsoDate } from '@tongchou/kernel';
import type { ServiceConfig } from './service-settings.ts';

/** The day at which lateness and silence are judged: the setting, else today where this process runs (`TZ`). */
export class ReferenceDate {
  readonly #fixed: IsoDate | undefined;

  constructor(config: Pick<ServiceConfig, 'referenceDate'>) {
    this.#fixed = config.referenceDate;
  }

  get(): IsoDate {
    return this.#fixed ?? isoDate(new Intl.DateTimeFormat('en-CA').format(new Date()));
  }
}
