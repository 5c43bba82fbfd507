import type { BooksReply } from '@vivarium/contracts';
import type { App } from '../plugins/zod-validation.ts';

/** What grind believes of money, for whoever derives it again from the record. */
export function routeBooks(app: App, books: () => BooksReply | undefined): void {
  app.get('/books', (_request, reply) => reply.send(books() ?? null));
}
