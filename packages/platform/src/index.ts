export { createNodeMachine } from './machine.ts';
