// The look: Fluent UI's neutral and status values, with the brand ramp "ink" in place of Fluent's blue.
import { type BrandVariants, createDarkTheme, createLightTheme, type Theme } from "@fluentui/react-components";

const ink: BrandVariants = {
  10: "#050818",
  20: "#10163a",
  30: "#171f57",
  40: "#1e2870",
  50: "#252f86",
  60: "#2c3a92",
  70: "#33439c",
  80: "#3a4ca6",
  90: "#4353b4",
  100: "#93a0ee",
  110: "#9daaf0",
  120: "#aab5f3",
  130: "#b7c1f5",
  140: "#c3cbf2",
  150: "#d8def7",
  160: "#eef0fb",
};

const fontFamilyBase =
  '"Segoe UI Variable Text","Segoe UI",-apple-system,BlinkMacSystemFont,"Inter","Noto Sans",sans-serif';
const fontFamilyMonospace = '"Cascadia Mono",Consolas,"SF Mono",Menlo,"DejaVu Sans Mono",monospace';

/** Document accents: selection and glyph only, never a button. */
interface DocumentAccents {
  deskhandExcel: string;
  deskhandPowerPoint: string;
  deskhandWord: string;
}

export type DeskhandTheme = Theme & DocumentAccents;

export const lightTheme: DeskhandTheme = {
  ...createLightTheme(ink),
  fontFamilyBase,
  fontFamilyMonospace,
  colorBrandForeground2: ink[70],
  colorBrandBackground2: ink[160],
  colorBrandStroke2: ink[140],
  deskhandExcel: "#0f703b",
  deskhandPowerPoint: "#b7391a",
  deskhandWord: "#185abd",
};

export const darkTheme: DeskhandTheme = {
  ...createDarkTheme(ink),
  fontFamilyBase,
  fontFamilyMonospace,
  colorBrandBackground: ink[90],
  colorBrandForeground1: ink[100],
  colorBrandForeground2: ink[120],
  colorBrandStroke1: ink[100],
  colorBrandBackground2: "#272c4f",
  colorBrandStroke2: "#3a478f",
  deskhandExcel: "#4fbf85",
  deskhandPowerPoint: "#f0916f",
  deskhandWord: "#8ab4f8",
};
