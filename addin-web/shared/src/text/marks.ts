// The marks that tell the model what is data (`<document-data from="…">`). A person sees what stands between them.

/** No text between them holds the word of the mark, so that what is taken away here is the service's own. */
const marks = /<document-data from="[^"<>\n]*">\n?|\n?<\/document-data>/g;

/** What a tool answered, without the marks. */
export function withoutMarks(output: string): string {
  return output.replace(marks, "");
}
