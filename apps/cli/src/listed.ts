/** How many rows a list of a command has at most; the API pages through all. */
export const LISTED = 200;
