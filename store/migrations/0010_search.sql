-- Search: the words that occur, and indexes for what is asked for without any word.

-- Each word with where it stands; used to find the words that begin with some letters.
CREATE VIRTUAL TABLE message_word USING fts5vocab (message_text, instance);

CREATE INDEX message_of_line ON message (line_id, search_id);
-- Most messages are e-mail: reading all in the order of time finds those soon enough.
CREATE INDEX message_of_channel ON message (channel, search_id)
    WHERE channel IN ('sms', 'phone', 'portal');
CREATE INDEX message_with_files ON message (search_id) WHERE files > 0;
CREATE INDEX message_note ON message (search_id) WHERE kind = 'note';
CREATE INDEX conversation_unread ON conversation (last_message_at DESC, id DESC)
    WHERE merged_into IS NULL AND newest_inbound_id > seen_message_id;
