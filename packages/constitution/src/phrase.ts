/** Pieces that several clauses are written with. */

/** Anything but the end of a sentence, at most `most` characters of it. */
export const within = (most: number): string => `[^;!?]{0,${most}}`;

/** An address of another machine. Loopback is none, whatever port it names; `localhost.elsewhere.example` is one. */
export const FOREIGN_URL = String.raw`(?:https?|ftps?|wss?):\/\/(?!(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[\/\s"'\`?#)\],]|\.(?:\s|$)|$))`;

/** A path of the operating system or of somebody's home. `src/etc/x` is none. */
export const SYSTEM_PATH = String.raw`(?:\/{1,4}(?:\.\/)?(?:etc|root|boot|proc|sys|usr|var|dev|bin|sbin)(?:\/|\b)|~\/|\$\{?home\b)`;
