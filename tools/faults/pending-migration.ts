/** The migration that all starters of a round find pending: it notes each time that it is carried out. */
export class NoteStart1790000000000 {
  readonly name = 'NoteStart1790000000000';

  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    for (const statement of NOTE_START) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('The databases of a trial are thrown away');
  }
}

/** It takes its time, so that starters that do not wait for each other meet in it. */
export const NOTE_START = [
  'create table if not exists public.starts (at timestamptz not null default clock_timestamp())',
  'select pg_sleep(0.05)',
  'insert into public.starts default values',
] as const;

/** What a starter is told, and what it answers. */
export interface StartOrder {
  readonly round: number;
  readonly url: string;
  /** Without the lock that starters wait at. */
  readonly naive: boolean;
}

export interface StartReport {
  readonly round: number;
  readonly fault?: string;
}
