/** Put in its place by the bundler of a release. */
declare const RELEASED_IMAGE: string | undefined;

/** The function's image of the release that this program is of, by its digest; none where it was built from source. */
export const releasedImage: string | undefined = typeof RELEASED_IMAGE === 'undefined' ? undefined : RELEASED_IMAGE;
