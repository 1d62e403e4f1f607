// The room's own affairs: open or closed, its staff, its equipment, drug alerts, what needs attention.

import { desk, may } from "./desk.js";
import { h } from "./dom.js";
import { chips, choice, door, followRoom, group, openPanel, remedies, say, sendAndClose, tapAgain } from "./panel.js";
import { alertWords } from "./assess.js";
import { momentWords } from "./lookup.js";
import { initials, label } from "./names.js";
import { randomHex } from "./uuid.js";
import { figures } from "./figures.js";
import { openVisit } from "./visit.js";
import { boot, entries, words } from "./words.js";

/** The panel behind the room's name. */
export function openRoom() {
  const { board } = desk;
  const me = boot.staff;
  const on = me && board.staff.people.some((one) => one.id === me.id);
  openPanel(`The room is ${board.state}`,
    group("Opening", stateChoices(board.state)),
    group("Shift", me && !on && choice("I am on shift", [["SignOnStaff", { data: { staff: me.id, role: me.role } }]]),
      me && on && choice("I go off shift", [["SignOffStaff", { data: { staff: me.id } }]]),
      leads() && door("Who is on shift…", openShift, { sub: "take somebody on or off" })),
    h("p", {}, `On shift: ${board.staff.people.map((one) => `${initials(board, one.id)} (${words("roles", one.role)})`).join(", ") || "nobody"}.`),
    group("Terms", may("PublishTerms") && door(board.terms ? `Terms: ${board.terms}` : "Publish the terms", openTerms, { main: !board.terms })),
    !board.terms && !may("PublishTerms") && h("p", {}, "No terms are published yet: a manager does it here."),
    group("Equipment checked", board.equipment.map((one) => door(`${one.ready ? "✓" : "✗"} ${one.words}`, () => openEquipment(one)))),
    figures(),
    h("p", {}, h("a", { class: "button", href: boot.urls.device }, "This tablet")));
}

const leads = () => may("OpenRoom");

/** Who is on shift. Whoever leads takes colleagues on and off: somebody who forgot is not counted for ever. */
export function openShift() {
  const { people, needed } = desk.board.staff;
  const off = ({ id, role }) => choice(`${initials(desk.board, id)} goes off shift`, [["SignOffStaff", { data: { staff: id } }]], { sub: words("roles", role), then: openShift, key: `off-${id}` });
  openPanel(`On shift: ${people.length}, ${needed} needed`, group("On shift now", people.map(off)), group("Comes on shift", comingOn({ then: openShift })));
  followRoom(openShift, (board) => board.staff);
}

/** Those who are not on shift, each a tap away from it. */
const comingOn = (options) => (boot.colleagues ?? [])
  .filter(({ id }) => !desk.board.staff.people.some((one) => one.id === id))
  .map(({ id, name, role }) => choice(name, [["SignOnStaff", { data: { staff: id, role } }]], { sub: words("roles", role), key: `on-${id}`, ...options }));

remedies.set("too_few_staff", () => (leads() ? comingOn({ then: tapAgain }) : []));
remedies.set("room_not_open", () => [desk.board.state === "closed"
  ? choice("Open the room", [["OpenRoom", {}]], { then: tapAgain }) : choice("Go on: end the pause", [["ResumeRoom", {}]], { then: tapAgain })]);

function stateChoices(state) {
  if (state === "closed") return [choice("Open the room", [["OpenRoom", {}]], { main: true, first: true })];
  const pauses = entries("pauses").map(([code, because]) => choice(`Pause: ${because}`, [["PauseRoom", { data: { reason: code } }]]));
  return [...(state === "paused" ? [choice("Go on", [["ResumeRoom", {}]], { main: true, first: true })] : pauses), may("CloseRoom") && door("Close the room…", openClosing)];
}

/** Closing is asked once. It waits for everybody who is still here. */
function openClosing() {
  const { board } = desk;
  const inside = board.visits.map((visit) => door(label(board, visit), () => openVisit(visit), { sub: placeWords(board, visit) }));
  openPanel("Close the room?",
    h("p", { class: "lead" }, inside.length ? `${inside.length} still here. The room closes when it is recorded how each of them left.` : "Nobody is in the building. Until the room is opened again, nobody is admitted."),
    group("Still here", inside),
    group("Then", !inside.length && choice("Yes, close the room", [["CloseRoom", {}]], { main: true, kind: "CloseRoom" }), door("No, keep it open", openRoom)));
}

function placeWords(board, visit) {
  const place = board.places.find((one) => one.id === visit.place);
  return place?.consumption ? `booth ${place.words}` : { recovery: "resting", arrived: "at reception" }[visit.stage] ?? visit.stage.replace("_", " ");
}

/** New terms are read with everybody again, regulars too. */
function openTerms() {
  const version = h("input", { class: "field", id: "terms", maxlength: 64, autocomplete: "off", data: { first: "" } });
  const publish = () => [["PublishTerms", { data: { terms: version.value.trim().replace(/\s+/g, "-") } }]];
  openPanel("Terms that people accept",
    h("p", {}, desk.board.terms ? `Now: ${desk.board.terms}. With a new version, everybody is asked again.` : "Nobody can be seated before they have accepted the terms."),
    h("div", { class: "find" }, h("label", { for: "terms" }, "Version, as printed on the paper, such as 2026-11"), version),
    group("Then", choice("Publish this version", publish, { main: true, kind: "PublishTerms" })));
}

function openEquipment(item) {
  const check = (ready) => [["CheckEquipment", { data: { items: [item.item], ready } }]];
  openPanel(`${item.words}: checked`, group("It is", choice("Ready", check(true), { main: true, first: true }), choice("Not ready", check(false))));
}

/** Drug alerts: what is known, and a new one in words. */
export function openAlerts() {
  const { board } = desk;
  const what = chips("Sold as", entries("substances"), { several: true });
  const text = h("textarea", { class: "field", id: "alert-text", rows: 2, maxlength: 400, data: { first: "" } });
  const raise = () => [["RaiseDrugAlert", { data: {
    alert: `a-${randomHex(6)}`, ...(what.value().length && { substances: what.value() }), ...(text.value.trim() && { note: text.value.trim() }) } }]];
  openPanel("Drug alert",
    board.alerts.length > 0 && h("section", { class: "group", "aria-label": "Read out to everybody now" }, h("h3", {}, "Read out to everybody now"), ...board.alerts.map((one) => standingAlert(board, one))),
    h("div", { class: "find" }, h("label", { for: "alert-text" }, "What it looks like and what it does"), text),
    what.element,
    group("Then", raiseButton(raise)));
}

/** An alert in full, for every role; who may withdraws it. */
const standingAlert = (board, alert) => h("div", { class: "alert" }, h("p", {}, alertWords(board, alert)),
  h("p", { class: "panel__summary" }, ["since ", momentWords(alert.since), alert.substances.length > 0 && ` · sold as ${alert.substances.map((code) => words("substances", code)).join(" + ")}`].filter(Boolean)),
  choice("Withdraw", [["WithdrawDrugAlert", { data: { alert: alert.alert } }]]));

/** An alert that says nothing is not sent: nobody could read it out. */
function raiseButton(raise) {
  const button = h("button", { type: "button", class: "choice choice--main" }, h("span", {}, "Raise the alert"));
  button.addEventListener("click", () => {
    const [[, { data }]] = raise();
    if (data.substances || data.note) sendAndClose(button, raise());
    else say("refused", "Say what it is: a substance, or words.");
  });
  return may("RaiseDrugAlert") ? button : null;
}

/** What needs attention in the room as a whole. */
export function openNotice(notice) {
  const data = { rule: notice.rule, subject: notice.subject, due: notice.due };
  openPanel("Needs attention", h("p", { class: "lead" }, notice.words),
    group("Then", choice("Seen", [["Acknowledge", { data }]], { main: true, first: true })));
}
