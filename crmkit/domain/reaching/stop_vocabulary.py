"""The words of refusal and those that change nothing beside them, in Russian and English.

English keywords: 47 CFR 64.1200(a)(10), the TCPA's list of words that revoke consent, and carriers' `STOPALL`.
Russian ones: what 38-FZ art. 18 calls a demand to stop, as people write it; Latin spellings of both.
What is joined by `_` here is several words in a reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

#: What a word does in a reply; see `stop_words`.
Role: TypeAlias = Literal[
    "stop", "lone", "topic", "removal", "halt", "not", "never", "need", "verb", "order", "doing", "noun", "listed",
    "and", "or", "plain", "polite",
]  # fmt: skip

_WORDS: Mapping[Role, str] = {
    # says all by itself, whatever filler stands around
    "stop": """
        хватит_уже take_me_off take_us_off отписка отпиши отпишите отпишете отпешите отпишити атпишите отпишитэ отписать отписаться отписатся
        отписаца отписывайте отписываюсь отпишите_ка отстань отстаньте отвяжись отвяжитесь отвали отвалите отвянь отвяньте
        отцепись отцепитесь оставьте_меня_в_покое оставь_меня_в_покое отзываю_согласие отзываю_свое_согласие
        отзываю_мое_согласие отзыв_согласия отозвать_согласие сотрите_мой_номер забудьте_мой_номер забудьте_этот_номер
        cnjg ctop стор otpiska otpishi otpishite otpisat otpisatsya otpisatsa otpisatsja otpisyvayus otstan otstante otvali
        otvalite otvyazhites hvatit_zvonit hvatit_pisat ne_zvonite ne_zvoni ne_zvonit ne_pishite ne_pishi ne_pisat
        ne_prisylayte ne_prisylaite ne_shlite ne_bespokoyte ne_bespokoite udalite_moy_nomer udalite_moi_nomer
        udalite_moj_nomer udalite_menya udalite_nomer uberite_moy_nomer uberite_moi_nomer
        stopall stop_all unsubscribe unsubscribed unsub unsubscibe unsubcribe unsubscrib unsuscribe optout opt_out opt_me_out
        opting_out opt_us_out leave_me_alone leave_us_alone lose_my_number lose_this_number forget_my_number
        revoke_consent revoke_my_consent withdraw_consent withdraw_my_consent ыещз dnc
    """,
    # a keyword alone or with polite words; with others it may be about something else
    "lone": "конец хватит довольно end quit cancel revoke remove cancelall endall cancel_all end_all quit_all hvatit",
    # says it only with a message or a list: a cancelled order is not a refusal
    "topic": """
        отмена отмените отменить отмени отказ отказываюсь отказаться отключить отключите отключи выключите отменяю
    """,
    "removal": "удалите удали уберите исключите исключить вычеркните вычеркнуть выпишите убрать удалить delete remove",
    # ends what the verb behind it does, or everything
    "halt": """
        стоп stop хватит перестаньте перестань прекратите прекрати прекращайте прекратить перестать завязывайте quit cease
        desist stahp
    """,
    # takes back the verb behind it
    "not": "не dont do_not must_not may_not shall_not нельзя запрещаю",
    "never": "never no_more no_longer no ни без nomore",
    "need": """
        надо нужно хочу хотим желаю следует стоит смейте смей вздумайте необходимо требуется want wish need want_to wish_to need_to
        like_to want_to_be wish_to_be
    """,
    "verb": """
        звонить писать присылать слать отправлять беспокоить тревожить получать высылать названивать
        рассылать спамить донимать набирать
        call text contact email message mail phone ring write disturb bother send spam receive get hear contacted reach
        ping sms_me solicit dial harass
    """,
    "order": """
        звоните звони пишите пиши присылайте присылай шлите шли отправляйте отправляй беспокойте беспокой тревожьте высылайте
        названивайте спамьте набирайте рассылайте
    """,
    "doing": """
        calling texting contacting emailing messaging mailing phoning ringing writing disturbing bothering sending spamming
        harassing pinging
    """,
    "noun": """
        рассылка рассылки рассылку рассылок рассылке рассылкой сообщения сообщений сообщение смс смски смсок смску звонки
        звонков звонками письма писем письмами спам спама реклама рекламу рекламы рекламой рекламные рекламных рекламная
        уведомления уведомлений предложения предложений спамом
        messages texts emails calls sms mails newsletter newsletters mailings alerts notifications marketing promotions promos ads
        advertising solicitations mms robocalls text_messages text_message email_messages phone_calls mailing_list email_list
        calling_list contact_list call_list text_list communication communications spam spams junk rassylka rassylki rassylku
    """,
    "listed": """
        меня нас me us menya номер номера номеру телефон телефона базы базу база списка списков список контакт контакты адрес почту почты
        number numbers phone_number list lists database address email_address nomer
    """,
    "and": "и and i",
    "or": "или or nor и_не",
    # changes nothing beside a keyword
    "plain": """
        мне нам мой мою моего моей мои моих свой этот этого эту эти этой это на от из со с по в к вы вас вам ваш
        ваша ваши ваших вашей вашу ваше все всё всех всегда сейчас же уже ещё еще больше никогда никаких никакие никакой никому
        ничего вообще совсем срочно немедленно прошу просим просьба требую можно_меня сюда бы тут здесь раз
        навсегда пока_что_ наконец ка любые любых любой я мы сказал сказала так
        my our this that these those it from to of on the a an any all your you_ at_once now immediately anymore
        any_more ever again i we im id want want_to wish_to would_like_to like_to need_to would please_just just
        kindly right_now forever completely entirely additional further more other off out_ at_all already to_be be
        me_off said now
        mne moy moi moj bolshe nikogda ot
    """,
    "polite": """
        нет пожалуйста пожалуста пожалуйсто пож пжл пжлст плиз спасибо спс благодарю здравствуйте здравствуй привет добрый_день
        добрый_вечер доброе_утро доброй_ночи день_добрый приветствую заранее_спасибо заранее_благодарю большое_спасибо
        всего_доброго до_свидания хорошего_дня извините простите с_уважением будьте_добры будьте_любезны отправлено_с_iphone
        отправлено_с_айфона отправлено_с_android
        please pls plz plse thanks thank_you thankyou thx ty hi hello hey dear sir madam good_morning good_afternoon good_evening
        good_day regards best_regards kind_regards sincerely cheers sorry many_thanks thanks_a_lot thank_you_very_much bye
        goodbye have_a_nice_day have_a_good_day sent_from_my_iphone sent_from_my_ipad sent_from_my_android
        get_outlook_for_ios get_outlook_for_android re fwd fw nbsp amp quot lt gt ответ ha
        pozhaluysta pozhaluista pozhalujsta pojaluista pojaluysta pojalusta spasibo privet zdravstvuyte zdravstvuite
    """,
}

#: Beginnings of words that a person has to look at wherever they stand.
STEMS = (
    "отпис", "отпиш", "стоп", "отстан", "отзыва", "отозв", "отказ", "отмен", "прекрат", "прекращ", "перестан", "удали", "удаляй",
    "исключит", "вычеркн", "вычёркн", "хватит", "отвяж", "отвал", "отъеб", "отъебит", "заеб", "задолбал", "достали", "надоел",
    "жалоб", "жалова", "роскомнадзор", "спам", "otpis", "otpish", "stop", "unsub", "revok", "cancel", "quit", "remov", "delet", "spam", "optout",
    "harass", "withdraw",
)  # fmt: skip
#: Those of them that begin other words as well: a stopover, a pile, remote work, somebody quite sure.
NO_STEMS = ("стопк", "стопроцент", "удаленн", "удалённ", "stopover", "stopwatch", "quite")
#: Phrases a person has to look at, though no word of them is a keyword.
PHRASES = (
    "go away", "fuck off", "piss off", "get lost", "go to hell", "not interested", "не интересует", "не интересно", "иди на", "идите на",
    "пошли на", "пошел на", "не надо", "не нужно", "не хочу", "не согласен", "не согласна", "не давал", "не давала",
    "не подписывался", "не подписывалась", "откуда у вас", "opt out", "opt me out", "opted out", "leave me", "leave us", "don t want", "dont want",
    "do not want", "no more", "take me off", "ne nado",
)  # fmt: skip


def roles() -> dict[tuple[str, ...], frozenset[Role]]:
    """What each word or phrase may do, by its words."""
    found: dict[tuple[str, ...], set[Role]] = {}
    for role, words in _WORDS.items():
        for word in words.replace("ё", "е").split():
            found.setdefault(tuple(word.strip("_").split("_")), set()).add(role)
    return {words: frozenset(those) for words, those in found.items()}
