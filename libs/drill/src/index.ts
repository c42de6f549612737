export { DrillModule } from './drill.module.js';
export { EmulatedDrillTerminals } from './emulated-drill-terminals.js';
