/** Refusals in the shape Groq gives them: `{error: {message, type, code}}` with the status that goes with it. The words are ours. */
export interface WireError {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: string;
}

const invalid = (status: number, code: string, message: string): WireError => ({
  status,
  message,
  type: 'invalid_request_error',
  code,
});

export const invalidRequest = (message: string): WireError => invalid(400, 'invalid_request', message);
export const contextTooLong = (tokens: number, window: number): WireError =>
  invalid(
    400,
    'context_length_exceeded',
    `the prompt and the allowed completion need ${tokens} tokens, the model has ${window}`,
  );
export const missingKey = (): WireError => invalid(401, 'invalid_api_key', 'no API key was given');
export const rejectedKey = (): WireError => invalid(401, 'invalid_api_key', 'this API key is not accepted');
export const forbidden = (message: string): WireError => invalid(403, 'forbidden', message);
export const unknownModel = (model: string): WireError =>
  invalid(404, 'model_not_found', `there is no model '${model}' here`);
export const unknownUrl = (method: string, path: string): WireError =>
  invalid(404, 'unknown_url', `nothing answers ${method} ${path}`);
export const bodyTooLarge = (limit: number): WireError =>
  invalid(413, 'request_too_large', `the request body is larger than ${limit} bytes`);
export const tooManyTokens = (wanted: number, perMinute: string): WireError => ({
  status: 413,
  message: `the request needs ${wanted} tokens, more than the ${perMinute} allowed per minute`,
  type: 'tokens',
  code: 'rate_limit_exceeded',
});
export const notJson = (): WireError =>
  invalid(415, 'unsupported_media_type', 'the request body must be application/json');
export const rateLimited = (of: 'requests' | 'tokens', retryAfterSeconds: number): WireError => ({
  status: 429,
  message: `the limit on ${of} is reached; try again in ${retryAfterSeconds} s`,
  type: of,
  code: 'rate_limit_exceeded',
});
export const internalFault = (): WireError => ({
  status: 500,
  message: 'the simulator met a fault of its own',
  type: 'internal_server_error',
  code: 'internal_server_error',
});
export const billUnwritable = (): WireError => ({
  status: 500,
  message: 'the simulator could not write its bill, so it gives no answer',
  type: 'internal_server_error',
  code: 'bill_unwritable',
});

/** What a scripted `status` fault says when it brings no body of its own. */
export function scriptedError(status: number): WireError {
  const [type, code] =
    scripted.get(status) ??
    (status >= 500
      ? ['internal_server_error', 'internal_server_error']
      : ['invalid_request_error', 'scripted_fault']);
  return { status, message: `scripted fault: status ${status}`, type, code };
}

const scripted: ReadonlyMap<number, readonly [type: string, code: string]> = new Map([
  [401, ['invalid_request_error', 'invalid_api_key']],
  [403, ['permissions_error', 'model_permission_blocked_org']],
  [404, ['invalid_request_error', 'model_not_found']],
  [413, ['invalid_request_error', 'request_too_large']],
  [422, ['invalid_request_error', 'unprocessable_entity']],
  [429, ['requests', 'rate_limit_exceeded']],
  [498, ['capacity_error', 'capacity_exceeded']],
  [503, ['service_unavailable', 'service_unavailable']],
]);

export const errorBody = (error: WireError): string =>
  JSON.stringify({ error: { message: error.message, type: error.type, code: error.code } });
