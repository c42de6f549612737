/** `conflict`: mapped, but device and database disagree. A sync never moves a status (requirements, section 3.2). */
export const MAPPING_STATUSES = ['unmapped', 'mapped', 'conflict'] as const;
export type MappingStatus = (typeof MAPPING_STATUSES)[number];
