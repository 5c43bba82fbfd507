export { createGroqProvider, type GroqOptions } from './groq/provider.ts';
