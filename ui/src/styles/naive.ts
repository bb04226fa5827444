// Naive UI in our colours. It computes shades from them, so they are given as plain values.

import type { GlobalThemeOverrides } from "naive-ui";

const FONTS = {
  fontFamily: "var(--sans)",
  fontFamilyMono: "var(--mono)",
  fontSize: "14px",
  borderRadius: "6px",
};

// As ui/DESIGN.md has the sizes of controls; what fingers press is no smaller than 44 px.
const CONTROL = { common: { heightSmall: "28px", heightMedium: "34px" } };
const TOUCHED: GlobalThemeOverrides = {
  common: { heightSmall: "44px", heightMedium: "44px" },
  Dropdown: { optionHeightMedium: "44px" },
  InternalSelectMenu: { optionHeightMedium: "44px" },
};

const FORM: NonNullable<GlobalThemeOverrides["Form"]> = {
  labelPaddingVertical: "0 0 4px",
  labelFontWeight: "500",
  labelHeightMedium: "24px",
  feedbackPadding: "3px 0 0",
  feedbackFontSizeMedium: "12px",
  feedbackHeightMedium: "18px",
};

const LIGHT: GlobalThemeOverrides = {
  common: {
    ...FONTS,
    primaryColor: "#3f4ec2",
    primaryColorHover: "#5563d0",
    primaryColorPressed: "#3341a6",
    primaryColorSuppl: "#5563d0",
    errorColor: "#bf2323",
    errorColorHover: "#cf3a3a",
    errorColorPressed: "#a31c1c",
    successColor: "#1a7337",
    warningColor: "#8a5200",
    infoColor: "#0a5cad",
    textColorBase: "#1a1e24",
    textColor1: "#1a1e24",
    textColor2: "#1a1e24",
    textColor3: "#545c68",
    placeholderColor: "#646c78",
    iconColor: "#646c78",
    borderColor: "#c7c7c0",
    dividerColor: "#e1e1dc",
    bodyColor: "#f6f6f4",
    cardColor: "#ffffff",
  },
};

const DARK: GlobalThemeOverrides = {
  common: {
    ...FONTS,
    primaryColor: "#a3b0ff",
    primaryColorHover: "#b8c2ff",
    primaryColorPressed: "#8c9bf5",
    primaryColorSuppl: "#a3b0ff",
    errorColor: "#ff8880",
    errorColorHover: "#ff9f98",
    errorColorPressed: "#f07068",
    successColor: "#5fcf7e",
    warningColor: "#e5b454",
    infoColor: "#74b8fb",
    textColorBase: "#e6e8ec",
    textColor1: "#e6e8ec",
    textColor2: "#e6e8ec",
    textColor3: "#a5adba",
    placeholderColor: "#98a1ae",
    iconColor: "#98a1ae",
    borderColor: "#434a57",
    dividerColor: "#2a2f39",
    bodyColor: "#0f1115",
    cardColor: "#161920",
    modalColor: "#1d212a",
    popoverColor: "#1d212a",
    inputColor: "#101318",
  },
  // The library's dark fields have no edge of their own.
  Input: { border: "1px solid #434a57", borderDisabled: "1px solid #2a2f39" },
  InternalSelection: {
    border: "1px solid #434a57",
    borderHover: "1px solid #b8c2ff",
    borderActive: "1px solid #a3b0ff",
    borderFocus: "1px solid #a3b0ff",
  },
};

export function overridesOf(isDark: boolean, isTouch: boolean): GlobalThemeOverrides {
  const colours = isDark ? DARK : LIGHT;
  const sizes = isTouch ? TOUCHED : CONTROL;
  return { ...colours, ...sizes, Form: FORM, common: { ...colours.common, ...sizes.common } };
}
