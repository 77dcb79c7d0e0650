// Words of signing in: what every sign-in says, and what it is for.

/** Whatever it is for. */
export const signIn = {
  inBrowser: "Sign in in the browser",
  withCode: "Get a code to sign in",
  browser: "Waiting for you to sign in in the browser",
  openPage: "No browser opened? Open the page",
  enter: "Enter this code at",
  copyCode: "Copy the code",
  codeCopied: "Code copied",
  code: (time: string) => `Waiting for the code to be entered, until ${time}`,
  codeElsewhere: "Waiting for a code to be entered, which is not shown here",
  cancel: "Cancel",
  cancelElsewhere: "It was begun in the Deskhand window or a terminal, and is cancelled there.",
};

/** For the settings that an address of the organisation hands out. */
export const settings = {
  title: "Sign in to get your organisation's settings",
  from: (origin: string) => `They come from ${origin}.`,
  none: "No turn starts before they are here.",
  until: (time: string) => `Those you have count until ${time}.`,
  checking: "Asking for your settings",
  signOut: "Sign out of your organisation's settings",
  consentTitle: "May these settings of your organisation count?",
  consentText: (origin: string) =>
    `${origin} names programs, files with credentials, addresses or sign-in, or content that may be sent to a collector. They count once you allow them, and you are asked again when they change.`,
  consentInWindow: "They name programs, files with credentials, addresses or sign-in, or content that may be sent to a collector. Look at them in the Deskhand window, and answer there.",
  allow: "Let them count",
  refuse: "Do not use them",
};

/** For the provider of the model. */
export const modelSignIn = {
  title: "Sign in to use the model",
  text: (at: string) => `You sign in with ${at}, in your own browser. No answer starts before that.`,
  sentTo: (origin: string) => `What proves that it is you is sent to ${origin}, where the model runs.`,
  again: "Sign in again",
  soon: (minutes: number) =>
    minutes === 1 ? "Your sign-in for the model ends in a minute" : `Your sign-in for the model ends in ${String(minutes)} minutes`,
  soonText: (at: string) => `Sign in with ${at} again now, and nothing has to wait for you later.`,
  signOut: (at: string) => `Sign out of ${at}`,
};
