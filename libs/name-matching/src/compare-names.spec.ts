import { describe, expect, it } from '@jest/globals';
import { compareNames } from './compare-names.js';

function score(shown: string, name: string): number {
  return compareNames(shown, name).score;
}

describe('the same name', () => {
  it.each([
    ['Mohamed Ali Hassan', 'Mohammed Aly Hasan'],
    ['Husayn Al-Khatib', 'Hussein El Khatib'],
    ['Abdelrahman Fawzy', 'Abd al-Rahman Fawzi'],
    ['ABDUL RAHMAN FAWZI', 'عبد الرحمن فوزي'],
    ['عبدالله القحطاني', 'Abdullah Alqahtani'],
    ['احمد حسين', 'أحمد حسين'],
    ['Mustafa Younis', 'مصطفى يونس'],
    ['አበበ በቀለ', 'Abebe Bekele'],
    ['ኃይሌ ገብረ ሥላሴ', 'ሃይሌ ገብረስላሴ'],
    ['Haile Gebre Selassie', 'Haile Gebreselassie'],
    ['Jose Nunez de la Cruz', 'José Núñez Cruz'],
    ['Gonzales, Juan', 'Juan González'],
    ['Ximena Vázquez', 'JIMENA VASQUEZ'],
    ['राजेश कुमार', 'Rajesh Kumar'],
    ['Sandip Choudhury', 'Sandeep Chaudhary'],
    ['Lakshmi Vijay', 'Laxmi Wijay'],
    ['সুব্রত চৌধুরী', 'Subrata Chowdhury'],
    ['کامران شہزاد', 'Kamran Shahzad'],
    ["Mas'ud Kan’an", 'Masud Kanaan'],
  ])('%s and %s', (shown, name) => {
    expect(score(shown, name)).toBeGreaterThan(0.85);
  });
});

describe('another name', () => {
  it.each([
    ['Mohamed Ali', 'Carlos Ruiz'],
    ['Ahmed Saleh', 'Omar Fawzi'],
    ['አበበ በቀለ', 'ሰላም ገነት'],
    ['Rajesh Kumar', 'Anita Desai'],
    ['José García', 'Luis Moreno'],
    ['12345', 'José García'],
    ['', 'José García'],
    ['????', 'José García'],
  ])('%s and %s', (shown, name) => {
    expect(score(shown, name)).toBeLessThan(0.4);
  });
});

describe('a name that is not whole', () => {
  it('fits what it is the beginning of, cut within a character too', () => {
    const whole = 'ተክለሃይማኖት ወልደጊዮርጊስ';
    const bytes = Buffer.from(whole).subarray(0, 24);
    expect(score('Abdulrahman Fawzi Al-Kha', 'Abdulrahman Fawzi Al-Khatib')).toBeGreaterThan(0.85);
    expect(score(bytes.toString(), whole)).toBeGreaterThan(0.85);
    expect(score(Buffer.from('राजेश कुमार').subarray(0, 23).toString(), 'Rajesh Kumar')).toBeGreaterThan(0.85);
  });

  it('says that another word had begun', () => {
    const shown = 'እንዳለ ሀብቴ \ufffd';
    expect(score(shown, 'እንዳለ ሀብቴ ገብረማርያም')).toBeGreaterThan(0.95);
  });

  it('has initials for words', () => {
    expect(score('M. A. Hassan', 'Mohammed Ali Hassan')).toBeGreaterThan(0.85);
    expect(score('ሙ. በቀለ', 'ሙሉጌታ በቀለ')).toBeGreaterThan(0.85);
    expect(score('K. Hassan', 'Mohammed Hassan')).toBeLessThan(score('M. Hassan', 'Mohammed Hassan') - 0.2);
  });

  it('has fewer words', () => {
    expect(score('Mohammed Hassan', 'Mohammed Ali Hassan')).toBeGreaterThan(0.85);
    expect(score('Mohammed', 'Mohammed Ali Hassan')).toBeLessThan(score('Mohammed Hassan', 'Mohammed Ali Hassan'));
  });
});

describe('a name in the wrong encoding', () => {
  it.each([
    ['UTF-8 shown as Latin-1', Buffer.from('José Núñez').toString('latin1'), 'José Núñez'],
    ['Arabic UTF-8 shown as Latin-1', Buffer.from('محمد حسن').toString('latin1'), 'محمد حسن'],
    ['Arabic windows-1256 shown as Latin-1', Buffer.from('e3cde3cf20cdd3e4', 'hex').toString('latin1'), 'محمد حسن'],
  ])('%s', (_, shown, name) => {
    expect(score(shown, name)).toBeGreaterThan(0.95);
  });

  it('is not seen where accents are meant', () => {
    expect(score('Éléonore Ângela', 'Eleonore Angela')).toBe(1);
  });
});

it('says why, word by word', () => {
  expect(compareNames('Hassan, Mohamed F.', 'Mohammed Fawzi Ali Hassan').reasons).toEqual([
    { kind: 'same', shown: 'hassan', name: 'hassan', likeness: 1 },
    { kind: 'spelling', shown: 'mohamed', name: 'mohammed', likeness: 0.99 },
    { kind: 'initial', shown: 'f', name: 'fawzi', likeness: 0.99 },
    { kind: 'missing', name: 'ali' },
    { kind: 'order' },
  ]);
});

it('tells people apart who differ in one word, and prefers the spelling that is the same', () => {
  const shown = 'Hassan Ali';
  const names = ['Hassan Ali', 'Hasan Aly', 'Ali Hassan', 'Hussein Ali', 'Hassan Amer'];
  expect([...names].sort((a, b) => score(shown, b) - score(shown, a))).toEqual(names);
});
