"""How mail programs announce what they quote: `On ... wrote:`, header blocks, separators.

Everything here looks at plain lines and knows the wording of the common programs in the languages
that patients of a practice are likely to write in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MAX_LINES = 5
_MAX_LENGTH = 600

_VERB = (
    r"wrote|writes|sent|schrieb|geschrieben|a\s+[ée]crit|[ée]crivait|escribi[óo]|ha\s+escrito|escreveu"
    r"|ha\s+scritto|scrisse|schreef|geschreven|skrev|skreiv|kirjoitti|napisa[lł](?:\(?a\)?)?|написала?"
    r"|пишет|писала?|написав|написа|пише|napsal(?:\(?a\)?)?|nap[íi]sal(?:\(?a\)?)?|έγραψε|yazdı"
    r"|je\s+napisa(?:o|la)|a\s+scris|rašė|kirjutas|rakstīja|skrifaði|va\s+escriure|đã\s+viết|menulis"
    r"|写道|寫道|書きました|님이\s*작성|작성|כתבה?|כתב/ה|كتب|เขียนว่า"
)
_VERB_LAST = re.compile(
    rf"(?:\b|\s|\W)(?:{_VERB})(?:\s+the\s+following)?\s*[:：]?[\s\-–—*_]*$", re.IGNORECASE
)
_VERB_INSIDE = re.compile(rf"\b(?:{_VERB})\s.{{1,120}}[:：]\s*$", re.IGNORECASE)
_MAILBOX = r"[<(\[\"]\s*(?:mailto:)?[^\s<>()\[\]\"]+@[^\s<>()\[\]\"]+"
_MAILBOX_LAST = re.compile(rf"{_MAILBOX}[^:：]{{0,120}}[:：]\s*[\s\-–—*_]*$")
_MAILBOX_END = re.compile(rf"{_MAILBOX}\s*[>)\]\"]+\s*$")
_HAS_MAILBOX = re.compile(r"[^\s<>()\[\]\"]+@[^\s<>()\[\]\"]+\.[^\s<>()\[\]\"]+")
_TIME = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_MONTH_DAY = re.compile(r"\b[^\W\d]{3,12}\.?\s+\d{1,2}\b|\b\d{1,2}\.?\s+[^\W\d]{3,12}\b")
# At most four words before the first number: `On Wednesday, December 9`, `Il giovedì 8`.
_BEGINS = re.compile(r"^[\s>*_\-–—\"'(]*(?:[^\W\d]+[.,'’]*\s+){0,4}?[^\W\d]{0,10}\d")
_NAMED = re.compile(rf"^\s*-{{2,}}\s*\S.{{0,80}}\s(?:{_VERB})\s*:?\s*-{{2,}}\s*$", re.IGNORECASE)
_DEVICE = re.compile(
    rf"^\s*Sent from\s.{{1,80}}{_MAILBOX}\s*>\s*(?:{_VERB})\s*:\s*$", re.IGNORECASE
)
_SHARED = re.compile(
    rf"^(?P<own>.*?\w.*?)[\s\-–—]+(?P<rest>(?:On|Am|Le|El|Op|Il|Em)\s[^\n]{{6,200}}?(?:{_VERB})\s*:)\s*$"
)


@dataclass(frozen=True, slots=True)
class Attribution:
    """An announcement of a quotation."""

    length: int
    """How many lines it takes."""
    certain: bool
    """Whether it can only come from a program, so that even text without `>` after it is quoted."""


def attribution_at(lines: Sequence[str], at: int) -> Attribution | None:
    """The announcement that begins on line `at`, or None."""
    first = lines[at].lstrip("> \t")
    if not first or len(first) > _MAX_LENGTH:
        return None
    if _NAMED.match(first) or _DEVICE.match(first):
        return Attribution(1, certain=bool(_TIME.search(first)))
    if not _BEGINS.match(first) or shared_line(first) is not None:
        return None
    if at and lines[at - 1].rstrip().endswith(",") and _BEGINS.match(lines[at - 1]):
        return None  # the sentence began above
    joined = ""
    for count in range(1, _MAX_LINES + 1):
        if at + count > len(lines):
            return None
        line = lines[at + count - 1]
        piece = (line.lstrip("> \t") if lines[at].lstrip().startswith(">") else line).strip()
        joined = f"{joined} {piece}".strip()
        # Only a name or an address may follow on its own line, never a new paragraph.
        if not piece or len(joined) > _MAX_LENGTH:
            return None
        found = _judge(joined, count)
        if found is not None:
            return found
        # A program breaks a line because it is long; a short one that ends is the author's.
        if count == 1 and len(piece) < 24 and not _TIME.search(piece):
            return None
        if count == 1 and piece.endswith((".", "!", "?", "…")) and not _HAS_MAILBOX.search(piece):
            return None
    return None


def _judge(text: str, count: int) -> Attribution | None:
    dated = _YEAR.search(text) or _TIME.search(text) or _MONTH_DAY.search(text)
    if not dated:
        return None
    mailbox = _HAS_MAILBOX.search(text) is not None
    when = _TIME.search(text) is not None
    if _VERB_LAST.search(text):
        colon = text.rstrip(" -–—*_").endswith((":", "："))
        if colon or mailbox or text.endswith("--"):
            return Attribution(count, certain=mailbox or when)
    if _MAILBOX_LAST.search(text):
        return Attribution(count, certain=True)
    if _VERB_INSIDE.search(text) and len(text) < 200:
        return Attribution(count, certain=mailbox or when)
    if _MAILBOX_END.search(text) and re.match(r"\W*\d", text):
        return Attribution(count, certain=False)
    return None


def ends_with_attribution(text: str) -> bool:
    """Whether a text ends with an announcement, so that what follows is a quotation."""
    lines = text.split("\n")
    return any(
        (found := attribution_at(lines, at)) is not None and at + found.length == len(lines)
        for at in range(max(0, len(lines) - _MAX_LINES), len(lines))
    )


def shared_line(line: str) -> str | None:
    """What the author wrote on a line that also holds an announcement, or None."""
    if len(line) > _MAX_LENGTH or ":" not in line[-4:]:
        return None
    found = _SHARED.match(line)
    if found is None or _judge(found.group("rest"), 1) is None:
        return None
    return found.group("own").rstrip(" -–—")


_SEPARATOR_WORDS = (
    r"original\s+message|original\s+email|original\s+appointment|reply\s+message|message\s+original"
    r"|urspr[üu]ngliche\s+(?:nachricht|mail|e-mail)|original-?nachricht|antwort\s+nachricht"
    r"|message\s+d['’]origine|message\s+initial|courriel\s+original|mensaje\s+original"
    r"|mensagem\s+original|messaggio\s+originale|oorspronkelijk\s+bericht|origineel\s+bericht"
    r"|oprindelig\s+(?:meddelelse|besked)|opprinnelig\s+melding|original\s?meddelande"
    r"|ursprungligt\s+meddelande|alkuper[äa]inen\s+viesti|wiadomo[śs][ćc]\s+oryginalna"
    r"|oryginalna\s+wiadomo[śs][ćc]|původn[íi]\s+(?:zpráva|e-mail)|p[ôo]vodn[áa]\s+spr[áa]va"
    r"|eredeti\s+üzenet|исходное\s+сообщение|оригинальное\s+сообщение|оригінальне\s+повідомлення"
    r"|orijinal\s+(?:ileti|mesaj)|αρχικό\s+μήνυμα|mesaj\s+original|原始邮件|原始郵件|元のメッセージ"
    r"|원본\s*메시지|thư\s+gốc|הודעה\s+מקורית|الرسالة\s+الأصلية"
)
_SEPARATOR = re.compile(
    rf"^\s*[-_=—–]{{2,}}\s*(?:{_SEPARATOR_WORDS})\s*[-_=—–]{{2,}}\s*$", re.IGNORECASE
)
_FORWARD = re.compile(
    r"^[\s>]*[-_=—–*\s]*(?:begin\s+)?(?:forwarded\s+(?:message|mail|e-?mail)(?:\s+(?:from|by)\s.{1,80})?"
    r"|weitergeleitete\s+(?:nachricht|e-?mail|mail)|anfang\s+der\s+weitergeleiteten\s+(?:nachricht|e-mail)"
    r"|(?:début\s+du\s+)?message\s+(?:transféré|réexpédié)|(?:inicio\s+del\s+)?mensaje\s+reenviado"
    r"|(?:início\s+da\s+)?mensagem\s+(?:encaminhada|reenviada)|(?:inizio\s+)?messaggio\s+inoltrato"
    r"|doorgestuurd\s+bericht|begin\s+doorgestuurd\s+bericht|videresendt\s+(?:meddelelse|besked|melding)"
    r"|vidarebefordrat\s+(?:meddelande|brev)|välitetty\s+viesti|edelleenlähetetty\s+viesti"
    r"|(?:początek\s+)?przekazan[ae]j?\s+wiadomo[śs][ćc]i?|přeposlan[áa]\s+zpráva|továbbított\s+üzenet"
    r"|(?:начало\s+)?(?:пересылаемое|переадресованного|пересланное)\s+сообщени[ея]|переслане\s+повідомлення"
    r"|iletilen\s+mesaj|προωθημένο\s+μήνυμα|转发的邮件|轉寄郵件|転送メッセージ|전달된\s*메시지"
    r"|הודעה\s+שהועברה|رسالة\s+معاد\s+توجيهها)\s*[:：]?[-_=—–*\s]*$",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|wg|tr|rv|enc|i|doorst|vs|vb|vl|pd|továbbítás|ilt|πρθ|转发|轉寄|転送)"
    r"\s*[:：]",
    re.IGNORECASE,
)
_REPLY_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{1,40}\]\s*)?(?:re|r|aw|antw|sv|vs|odp|atb|res|rif|ref|bls|ynt|vá|回复|回覆|答复|返信|הש)"
    r"(?:\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
_BELOW = re.compile(
    r"\b(?:(?:see|find|read|my|our|answers?|comments?|repl(?:y|ies)|response?s?|notes?)\b.{0,40}\b"
    r"(?:below|in\s?-?line|in\s+(?:red|blue|green|bold|caps|colou?r|between)|interspersed)"
    r"|in\s?-?line\s+(?:answers?|comments?|repl)"
    r"|(?:siehe|antwort\w*|kommentar\w*|anmerkung\w*)\b.{0,40}\b(?:unten|im\s+text|rot|blau|grün)"
    r"|(?:voir|réponses?|mes\s+commentaires)\b.{0,40}\b(?:ci-dessous|plus\s+bas|en\s+(?:rouge|bleu|vert))"
    r"|(?:ver|respuestas?|comentarios?|respostas?)\b.{0,40}\b(?:abajo|abaixo|en\s+rojo|en\s+azul|em\s+vermelho)"
    r"|(?:vedi|risposte)\b.{0,40}\b(?:sotto|in\s+rosso)|(?:zie|antwoord\w*)\b.{0,40}\b(?:onder|in\s+rood))",
    re.IGNORECASE,
)

_LABELS = {
    "from": (
        "from|von|de|da|van|fra|från|od|от|від|lähettäjä|kimden|gönderen|feladó|发件人|"
        "寄件者|差出人|보낸 사람|보낸사람|από|expéditeur|mittente|remitente|afzender|"
        "saatja|nuo|de la|מאת|من|dari|từ|šalje|avsändare"
    ),
    "date": (
        "sent|date|gesendet|gesendet am|datum|envoyé|envoyé le|date d'envoi|inviato|"
        "inviato il|data|data invio|enviado|enviada|enviado el|enviado em|enviada em|"
        "fecha|verzonden|verzonden op|sendt|dato|skickat|skickades|wysłano|wysłane|"
        "отправлено|дата|надіслано|lähetetty|päivämäärä|päiväys|gönderildi|gönderilme|"
        "tarih|küldve|dátum|odesláno|odoslané|发送时间|发送日期|日期|寄件日期|送信日時|"
        "送信|日付|보낸 날짜|날짜|ημερομηνία|στάλθηκε|trimis|נשלח|תאריך|dikirim|tanggal|"
        "ngày|التاريخ"
    ),
    "to": (
        "to|an|à|a|aan|til|till|do|para|кому|vastaanottaja|kime|alıcı|címzett|komu|"
        "收件人|收件者|宛先|받는 사람|받는사람|προς|către|אל|إلى|kepada|đến|destinataire|"
        "destinatario|mottagare|per"
    ),
    "subject": (
        "subject|betreff|objet|oggetto|onderwerp|emne|ämne|temat|asunto|assunto|тема|"
        "aihe|konu|tárgy|předmět|predmet|主题|主旨|件名|제목|θέμα|subiect|נושא|الموضوع|"
        "perihal|subjek|chủ đề"
    ),
    "other": (
        "cc|bcc|copie|kopie|kopia|kopi|reply-to|reply to|antwort an|répondre à|"
        "responder a|importance|priority|priorität|attachments|anlagen|organization|"
        "копия|抄送|副本|参照|참조|κοιν|sender|list-id|when|where|время"
    ),
}
_ROLE = {label: role for role, labels in _LABELS.items() for label in labels.split("|")}
_LABEL = re.compile(
    r"^[\s>|]*[*_]{0,2}\s*([^\W\d_][^:：*\n]{0,24}?)\s*[*_]{0,2}\s*[:：]\s*[*_]{0,2}\s*(.*)$"
)


def header_block_at(lines: Sequence[str], at: int) -> int:
    """How many lines the header block takes that begins on line `at`; 0 if there is none."""
    roles: dict[str, str] = {}
    index, extra = at, 0
    while index < len(lines) and index - at < 30:
        label = _LABEL.match(lines[index])
        role = _ROLE.get(label.group(1).strip().lower()) if label else None
        if label is not None and role is not None:
            if role in roles and role != "other":
                break
            roles[role] = label.group(2)
            extra = 0
        elif not roles:
            return 0
        else:
            extra += 1
            text = lines[index].strip("> \t*")
            # A long value goes on; a blank line or a second foreign line ends the block.
            if not text or extra > 2:
                break
            last = next(reversed(roles))
            roles[last] += " " + text
        index += 1
    return index - at if _is_block(roles) else 0


def _is_block(roles: dict[str, str]) -> bool:
    written = roles.get("date", "")
    dated = bool(_YEAR.search(written) or _TIME.search(written))
    mailbox = any("@" in roles.get(role, "") for role in ("from", "to"))
    if "from" in roles and "subject" in roles and ("to" in roles or "date" in roles):
        return dated or mailbox
    if "from" in roles and "date" in roles:
        return dated and (mailbox or "to" in roles)
    return (
        "date" in roles
        and "to" in roles
        and mailbox
        and bool(_TIME.search(written) and _YEAR.search(written))
    )


def is_separator(line: str) -> bool:
    """Whether a line sets off the message that is answered (`-----Original Message-----`)."""
    return len(line) < 120 and _SEPARATOR.match(line) is not None


def is_forward(line: str) -> bool:
    """Whether a line announces a message that is passed on, which is what the author sends."""
    return len(line) < 160 and _FORWARD.match(line) is not None


def is_forward_subject(subject: str) -> bool:
    """Whether a subject says that the message is passed on (`Fwd:`, `WG:`, `TR:`)."""
    return _FORWARD_SUBJECT.match(subject) is not None


def is_reply_subject(subject: str) -> bool:
    """Whether a subject says that the message answers another (`Re:`, `AW:`, `SV:`)."""
    return _REPLY_SUBJECT.match(subject) is not None


def announces_answers_below(text: str) -> bool:
    """Whether the author says that there are answers inside the quoted text."""
    return _BELOW.search(text) is not None
