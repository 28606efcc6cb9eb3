/** A client of the control plane, as one user whose password is that of the laboratory. */
export class ApiClient {
  readonly #base: string;
  readonly #authorization: string;

  constructor(base: string, userName: string, password = 'earpiece') {
    this.#base = base;
    this.#authorization = `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;
  }

  deviceUri(id: string): string {
    return `${this.#base}/api/v2/devices/${id}`;
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        authorization: this.#authorization,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** An operation on an own device. @throws Error with the answer unless it is `{"statusCode":0}`. */
  async operate(deviceId: string, operationName: string, parameters: Record<string, unknown> = {}): Promise<void> {
    const { status, body } = await this.ask('POST', `/api/v2/me/devices/${deviceId}`, { operationName, ...parameters });
    if (status !== 200 || body['statusCode'] !== 0)
      throw new Error(`${operationName}: ${status} ${JSON.stringify(body)}`);
  }
}
