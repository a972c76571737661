import type { ClockStatus } from '@tongchou/event-store';
import type { FlowSettings } from './flow-settings.ts';

/** One instance of the publishing service, with a clock of its own. */
export interface OfficeSettings extends FlowSettings {
  readonly name: string;
  readonly seed: number;
}

/** What such an instance tells of itself, some times a second. */
export interface OfficeTold {
  readonly office: string;
  /** Own tokens that were met, and among them those whose row was not there. */
  readonly met: number;
  readonly lied: number;
  /** Own tokens that were not met in time, and said so. */
  readonly late: number;
  /** Lags told of an instant that is to come. */
  readonly untrueFreshness: number;
  readonly failed: number;
  readonly clock: ClockStatus;
  readonly leads: boolean;
  readonly relays: boolean;
  readonly done: boolean;
}
