package parse

import (
	"regexp"
	"strings"
)

const (
	maxQuoteLines = 5000 // lines that are looked at
	maxQuoteLine  = 1000 // bytes of a line that may introduce or end something
)

var (
	// wroteLine is the line (or three) by which mail programs introduce what they quote.
	wroteLine = regexp.MustCompile(`(?i)^\W{0,3}(` +
		`on\b.{4,300}\b(wrote|writes|sent|said)\s*:` +
		`|.{4,200}\bwrote\s*:` +
		`|le\b.{4,300}\ba écrit\s?:` +
		`|(am|op|den|på)\b.{4,300}\b(schrieb|schreef|skrev|geschreven)\b.{0,100}:` +
		`|el\b.{4,300}\sescribió\s*:` +
		`|il\b.{4,300}\bha scritto\s*:` +
		`|(em|a)\b.{4,300}\bescreveu\s*:` +
		`|(w dniu)\b.{4,300}(pisze|napisał\(?a?\)?)\s*:` +
		`|.{4,200}(пишет|написал\(?а?\)?)\s*:` +
		`|.{0,300}(写道|寫道|写了|寫了)\s*[:：]` +
		`|.{4,200}(のメール|が書きました|さんは書きました|님이 작성|작성)\s*[:：]` +
		`)\s*$`)
	// divider is a line that begins the old mail.
	divider = regexp.MustCompile(`(?i)^[\s>]*[-_=~*]{2,}\s*(original message|original mail|original appointment|reply message|` +
		`ursprüngliche nachricht|original-nachricht|message d'origine|message original|mensaje original|messaggio originale|` +
		`mensagem original|oorspronkelijk bericht|oprindelig meddelelse|исходное сообщение|пересылаемое сообщение|` +
		`原始邮件|原始郵件|原邮件|邮件原件|原始信息|回复的原邮件|回复邮件|原始訊息|元のメッセージ|元のメール|원본 메일|원본 메시지)\s*[-_=~*]{0,}\s*$`)
	// forward is a line that begins a mail handed on: it is kept.
	forward = regexp.MustCompile(`(?i)^[\s>]*([-_=~*]{2,}\s*(forwarded (message|mail)|forwarded by .{0,80}|weitergeleitete nachricht|message transféré|mensaje reenviado|` +
		`转发邮件|转发的邮件|转发邮件信息|轉寄郵件|轉寄的郵件|转寄|転送メッセージ)|begin forwarded message:|以下是转发的邮件)`)
	// headLine is a line of the block in which Outlook and QQ repeat the old header.
	headLine = regexp.MustCompile(`(?i)^[\s>*]{0,6}(from|sent|date|to|cc|subject|von|gesendet|an|betreff|datum|de|envoyé|à|objet|date|para|asunto|enviado|` +
		`发件人|发送时间|收件人|抄送|主题|日期|寄件者|寄件人|寄件日期|收件者|副本|主旨|傳送時間|差出人|送信日時|宛先|件名)\s?\*?\s*[:：]`)
	fromLine = regexp.MustCompile(`(?i)^[\s>*]{0,6}(from|von|de|发件人|寄件者|寄件人|差出人)\s?\*?\s*[:：]`)
	// device is what phones and web mailers add at the end.
	device = regexp.MustCompile(`(?i)^\s*(sent (from|with|via) .{1,60}|get outlook for .{1,40}|envoyé de(puis)? mon .{1,40}|von meinem .{1,40} gesendet|` +
		`enviado desde mi .{1,40}|inviato da .{1,40}|发自.{1,40}|發自.{1,40}|从我的.{1,30}发送|從我的.{1,30}傳送|来自.{1,20}(邮箱|手机|客户端).{0,20}|.{1,20}から送信|나의 .{1,30}에서 보냄)\s*$`)
	signMark = regexp.MustCompile(`^\s{0,3}(--|—|__)\s?$`)
	rule     = regexp.MustCompile(`^\s*[-_=]{8,}\s*$`)
)

// StripQuotes takes quoted replies and the signature off a text. Forwarded mails stay.
// A text that would be empty afterwards stays as it is.
func StripQuotes(full string) string {
	lines := strings.Split(full, "\n")
	if len(lines) > maxQuoteLines {
		return full
	}
	kept := make([]string, 0, len(lines))
	forwarded := false
	for i := 0; i < len(lines); i++ {
		if len(lines[i]) > maxQuoteLine {
			kept = append(kept, lines[i])
			continue
		}
		if forward.MatchString(lines[i]) {
			kept, forwarded = append(kept, lines[i:]...), true
			break
		}
		if n := introduces(lines, i); n > 0 {
			if rest := unquoted(lines[i+n:]); rest != nil {
				kept = append(kept, rest...)
			}
			break
		}
		if !isQuoted(lines[i]) {
			kept = append(kept, lines[i])
		}
	}
	if !forwarded {
		kept = unsign(kept)
	}
	text := strings.TrimSpace(collapse(kept))
	if text == "" {
		return strings.TrimSpace(full)
	}
	return text
}

func isQuoted(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), ">")
}

// introduces says how many lines, from i on, introduce a quoted mail.
func introduces(lines []string, i int) int {
	line := lines[i]
	if divider.MatchString(line) {
		return 1
	}
	joined := ""
	for n := range 3 {
		if i+n >= len(lines) || len(lines[i+n]) > maxQuoteLine || n > 0 && strings.TrimSpace(lines[i+n]) == "" {
			break
		}
		joined = strings.TrimSpace(joined + " " + strings.TrimSpace(lines[i+n]))
		if len(joined) > 600 {
			break
		}
		if n > 0 && (!opensIntro.MatchString(line) || isQuoted(lines[i+n]) != isQuoted(line)) {
			break
		}
		if wroteLine.MatchString(joined) && introducesQuote(lines, i, n) {
			return n + 1
		}
	}
	skip := 0
	if rule.MatchString(line) {
		skip = 1
	}
	for skip < 3 && i+skip < len(lines) && skip > 0 && strings.TrimSpace(lines[i+skip]) == "" {
		skip++
	}
	if i+skip < len(lines) && len(lines[i+skip]) <= maxQuoteLine && fromLine.MatchString(lines[i+skip]) && headBlock(lines[i+skip:]) {
		return len(lines) - i
	}
	return 0
}

// opensIntro is how an introduction over several lines begins.
var opensIntro = regexp.MustCompile(`(?i)^[\s>]*(on|le|am|op|den|el|il|em|a|w|在|于|\S{0,12}\d)`)

// strongWrote is an introduction that needs no quoted line behind it.
var strongWrote = regexp.MustCompile(`(?i)(\d{1,4}.{0,200}@|@.{0,200}\d{1,4}|\d{4}|\d{1,2}:\d{2})`)

// introducesQuote tells "On Monday Ann wrote:" from a sentence of the customer.
func introducesQuote(lines []string, i, n int) bool {
	intro := strings.Join(lines[i:i+n+1], " ")
	if strongWrote.MatchString(intro) {
		return true
	}
	for _, next := range lines[i+n+1 : min(len(lines), i+n+4)] {
		if strings.TrimSpace(next) != "" {
			return isQuoted(next)
		}
	}
	return false
}

// headBlock reports whether a repeated header begins here: three of its lines within eight.
func headBlock(lines []string) bool {
	seen := 0
	for _, l := range lines[:min(len(lines), 8)] {
		if len(l) <= maxQuoteLine && headLine.MatchString(l) {
			seen++
		}
	}
	return seen >= 3
}

// unquoted finds what was written below or between quoted lines; nil when the rest is one old mail.
func unquoted(lines []string) []string {
	quoted := 0
	var rest []string
	for _, l := range lines {
		if isQuoted(l) {
			quoted++
			continue
		}
		rest = append(rest, l)
	}
	if quoted == 0 {
		return nil
	}
	return rest
}

// unsign cuts the signature: what follows "-- ", and what devices add.
func unsign(lines []string) []string {
	for i, l := range lines {
		if i > 0 && len(l) < 10 && signMark.MatchString(l) && len(lines)-i <= 30 && hasText(lines[:i]) {
			lines = lines[:i]
			break
		}
	}
	for len(lines) > 1 {
		last := strings.TrimSpace(lines[len(lines)-1])
		if len(last) > maxQuoteLine || last != "" && !device.MatchString(last) && !rule.MatchString(last) || !hasText(lines[:len(lines)-1]) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return lines
}

func hasText(lines []string) bool {
	for _, l := range lines {
		if strings.TrimSpace(l) != "" {
			return true
		}
	}
	return false
}

// collapse joins lines with at most one blank line between.
func collapse(lines []string) string {
	var b strings.Builder
	blank := 0
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			blank++
			if blank > 1 {
				continue
			}
		} else {
			blank = 0
		}
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}
