export { commandName, type Program, programText, readProgram } from './program.js';
