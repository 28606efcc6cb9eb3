/** Splits at blanks; what stands in single quotes stays together. */
export function words(argument: string): string[] {
  return Array.from(argument.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '');
}
