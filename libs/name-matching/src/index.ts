export {
  compareNames,
  type NameComparison,
  type NameReason,
  type NameReasonKind,
  parseName,
  type ParsedName,
} from './compare-names.js';
export { NameIndex, type NameMatch } from './name-index.js';
