/** How many characters the texts of a register's report may have; who sends them knows it before the door says so. */
export const TEXT_LIMITS = {
  reference: 200,
  name: 500,
  description: 10_000,
  projectType: 500,
  department: 200,
  districts: 500,
  phaseWord: 200,
} as const;
