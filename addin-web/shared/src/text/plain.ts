// Text of others as it is: what cannot be seen, or makes other text look different, is written out.

/** Controls, marks of direction (Unicode Annex 9) and other characters without a shape; line ends and tabs stay. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same, with what is drawn as nothing or as a space and is none: fillers, variants, wide and narrow spaces. */
const unlike = /(?! )[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** The text with each such character as its code point, `U+202E` in angle quotes. */
export function plain(text: string): string {
  return text.replace(unseen, written);
}

/** The same for what would be run: nothing in it may look like another character either. */
export function exactly(text: string): string {
  return text.replace(unlike, written);
}

function written(character: string): string {
  if (character === "\n" || character === "\t") {
    return character;
  }
  const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `‹U+${point}›`;
}
