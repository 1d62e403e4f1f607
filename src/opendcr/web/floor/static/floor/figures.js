// The ways to the figures, for the roles that may read them: the page brings addresses for no other.

import { h } from "./dom.js";
import { group } from "./panel.js";
import { boot } from "./words.js";

const link = (words, address) => h("a", { class: "choice", href: address }, words);

/** A group of links; null for a role that reads no figures. */
export const figures = () =>
  boot.urls.evidence ? group("Figures", link("Evidence", boot.urls.evidence), link("Measures", boot.urls.measures)) : null;
