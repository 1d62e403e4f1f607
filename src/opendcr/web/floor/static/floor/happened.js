// What happened on a visit, line by line, and who has been and gone: where a wrong entry is put right.

import { openCorrection, storyLine } from "./correct.js";
import { desk } from "./desk.js";
import { h } from "./dom.js";
import { exclusionDoor } from "./exclusion.js";
import { momentWords, openAsked } from "./lookup.js";
import { namesHidden, recordedBy } from "./names.js";
import { door, openPanelAbout, openPanel } from "./panel.js";
import { boot, words } from "./words.js";

/** Opens the story of a visit, whether the person is here or has left. @param {string} visit */
export function openHappened(visit) {
  openAsked("What happened", boot.urls.story.replace("VISIT", encodeURIComponent(visit)), (answer) => show(answer));
}

function show({ visit, person, label, code, here, lines, staff_labels: staff }) {
  const said = namesHidden() ? code : label;
  const place = desk.board.visits.find((one) => one.id === visit)?.place ?? null;
  const story = lines.map((line) => ({ ...line, at: Date.parse(line.at), witness: line.witness && (staff[line.witness] ?? line.witness) }));
  const again = () => openHappened(visit);
  const open = (line) => openCorrection({ visit, place }, line, { story, then: again, back: again });
  const rows = story.flatMap((line) => [storyLine(line, { by: recordedBy(staff, line), open: line.correctable && open }), written(line)].filter(Boolean));
  openPanelAbout({ visit: here ? visit : null, place }, `What happened: ${said}`,
    h("p", { class: "panel__summary" }, here ? "Tap a line to put it right. The original stays, struck through." : "This person has left. Tap a line to put it right: strike out a wrong “left”, and they are here again."),
    !here && h("div", { class: "choices" }, exclusionDoor({ person }, said)),
    h("ol", { class: "story story--visit" }, ...(rows.length ? rows : [h("li", { class: "nobody" }, "Nothing is recorded of this visit.")])));
}

/** What somebody wrote; with the names hidden it is hidden too. */
const written = ({ note }) => note && h("li", { class: "story__note" }, namesHidden() ? "A note, hidden with the names." : h("blockquote", { class: "review__note" }, note));

/** Who has left today, the last first: a departure that was entered too early is struck out there. */
export function openLeft() {
  openAsked("Have been and gone", boot.urls.left, ({ visits }) => openPanel("Have been and gone today",
    h("ul", { class: "found" }, ...visits.map((one) => h("li", {}, goneButton(one)))),
    !visits.length && h("p", { class: "lead" }, "Nobody has left yet today.")));
}

function goneButton(one) {
  const button = door(namesHidden() ? one.code : one.label, () => openHappened(one.visit), { sub: `${words("departures", one.how)} · ${momentWords(one.at)}` });
  button.classList.add("choice--person");
  return button;
}
