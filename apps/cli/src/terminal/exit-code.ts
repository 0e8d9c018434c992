/** How a command ends: yes, no, wrong usage or configuration, unknown. */
export const ExitCode = { yes: 0, no: 1, usage: 2, unknown: 3 } as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
