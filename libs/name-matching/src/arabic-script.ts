import { joinedPieces } from './joined-pieces.js';

/**
 * What a letter of the Arabic script (Arabic, Persian, Urdu) says, in the spelling that `soundsOf` reads. `T` and `D`
 * are the sounds that are written th or s, and dh, d or z. Short vowels are not written, so that a word has few.
 */
const LETTERS: Readonly<Record<string, string>> = {
  ا: 'a',
  أ: 'a',
  إ: 'i',
  آ: 'a',
  ٱ: 'a',
  ء: '',
  ؤ: 'w',
  ئ: 'y',
  ب: 'b',
  پ: 'p',
  ت: 't',
  ة: 'a',
  ٹ: 't',
  ث: 'T',
  ج: 'j',
  چ: 'ch',
  ح: 'h',
  خ: 'kh',
  د: 'd',
  ڈ: 'd',
  ذ: 'D',
  ر: 'r',
  ڑ: 'R',
  ز: 'z',
  ژ: 'zh',
  س: 's',
  ش: 'sh',
  ص: 's',
  ض: 'D',
  ط: 't',
  ظ: 'D',
  ع: 'a',
  غ: 'gh',
  ف: 'f',
  ڤ: 'v',
  ق: 'k',
  ك: 'k',
  ک: 'k',
  گ: 'g',
  ل: 'l',
  م: 'm',
  ن: 'n',
  ں: 'n',
  ه: 'h',
  ہ: 'h',
  ھ: '',
  ۃ: 'a',
  و: 'w',
  ي: 'y',
  ی: 'y',
  ى: 'a',
  ے: 'e',
};

/** Whether the word is written in letters that leave the short vowels out. */
export function isArabicScript(word: string): boolean {
  return /\p{Script=Arabic}/u.test(word);
}

/** The word in Latin letters. A last h is mute, after a vowel that is not written. */
export function romanizeArabic(word: string): string {
  return joinedPieces(Array.from(word.replace(/[هہ]$/u, 'اه'), (letter) => LETTERS[letter] ?? ''));
}
