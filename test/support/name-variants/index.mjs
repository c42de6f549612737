export { accuracyOf, accuracyTable, markdownOf, totalOf } from './accuracy.mjs';
export { CULTURES } from './pools.mjs';
export { Chance } from './random.mjs';
export { rosterOf } from './roster.mjs';
export { KINDS, variantOf } from './variants.mjs';
