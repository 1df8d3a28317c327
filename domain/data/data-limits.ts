/**
 * How large the parts of a data set may be. Labels and domains occur in prompts, tables, reports and in the messages of
 * the engine, which takes 2 MB a message; a row's text becomes a prompt, and a prompt of a megabyte is longer than what
 * teachers read. The longest values of the data sets in use are 48 (domain), 73 (id), 691 (choice) and 4,572 (a line).
 */

/** Characters of a label or a domain. */
export const longestName = 256;

/** Characters of an id. */
export const longestId = 512;

/** Labels of one row with a set of them. */
export const mostRowLabels = 100;

/** Bytes of everything that one row says: instruction, input, answer, choices and references. */
export const longestRow = 1_048_576;

/** Domains, and labels, of one data set. */
export const mostNames = 10_000;

/** Characters of all labels together: every prompt lists them. */
export const longestLabelList = 100_000;
