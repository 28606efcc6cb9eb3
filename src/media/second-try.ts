/**
 * Makes something of FreeSWITCH, and makes it once more when it answers 488: that is also what it says when another program
 * has the RTP port it picked (`Bind Error`, measured on 1.10.12), and the next try gets the next port.
 */
export async function withSecondTry<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!isNotAcceptableHere(error)) throw error;
    return make();
  }
}

const isNotAcceptableHere = (error: unknown): boolean =>
  error instanceof Error && 'status' in error && error.status === 488;
