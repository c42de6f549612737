export { type Program, programText, readProgram } from './program.js';
