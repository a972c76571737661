/** What a check found. `idle`: it looks at running parts, and none run. `note`: it works, and somebody should know. */
export interface Finding {
  readonly check: string;
  readonly state: 'well' | 'ill' | 'idle' | 'note';
  readonly says: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const well = (check: string, says: string): Finding => ({ check, state: 'well', says });
export const idle = (check: string, says: string): Finding => ({ check, state: 'idle', says });
export const ill = (check: string, says: string, remedy: string): Finding => ({ check, state: 'ill', says, remedy });
export const note = (check: string, says: string, remedy: string): Finding => ({ check, state: 'note', says, remedy });
