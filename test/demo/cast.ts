/** The three who take part, in the order in which they are shown. */
export const cast = ['customer', 'agent', 'supervisor'] as const;
export type Role = (typeof cast)[number];

/** Everyone a listener could hear: the other two. */
export const othersOf = (listener: Role): Role[] => cast.filter((role) => role !== listener);
