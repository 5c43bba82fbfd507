/** The protocol this page was built for. A test holds it equal to the number in contracts, which the page cannot import at run time. */
export const PROTOCOL = 3;
