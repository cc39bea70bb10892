package content

import (
	"slices"
	"strings"
	"testing"
)

// TestBoasts stores pages and notes of intruders in several languages, and texts about them.
func TestBoasts(t *testing.T) {
	for _, test := range []struct {
		text string
		want Kind // 0 for nothing
	}{
		{`<html><head><title>Touched by X</title></head><center>./X-Zero Was Here<br>Greetz: Party<br>sorry admin</center></html>`, Defaced},
		{`<title>..:: Sitenize girildi ::..</title><h1>Hacklendiniz!</h1>`, Defaced},
		{`<h1>Bu site Bozkurt Tim tarafından hacklendi</h1>`, Defaced},
		{`<title>gehackt</title><h1>Diese Seite wurde von NordCrew gehackt</h1>`, Defaced},
		{`<center><h1>0wn3d by l33t sQu4d</h1></center>`, Defaced},
		{`<h1>H4CK3D BY Mallory</h1>`, Defaced},
		{`<title>News</title><h1>Stadtwerke von Kriminellen gehackt</h1><p>Die Seite wurde gehackt.</p>`, 0},
		{`<h1>Stadtwerke gehackt: was jetzt?</h1><p>Kilroy was here</p><p>They had been gehackt.</p>`, 0},
		{`<h1>Demo party</h1><p>Ada was here in 1999</p><b>Owned by the city</b>`, 0},
		{`<h2>Bir banka sitesi hacklendi</h2><p>by our reporter</p>`, 0},

		{"Alle Ihre Dateien wurden mit RSA-4096 verschlüsselt. Um sie wiederherzustellen, zahlen Sie 500 Euro in Monero.", Malicious},
		{"Todos sus archivos han sido cifrados. Para recuperarlos debe pagar 300 USD en Bitcoin.", Malicious},
		{"Tous vos fichiers ont été chiffrés. Pour les récupérer, envoyez 0.1 BTC.", Malicious},
		{"Ваши файлы зашифрованы. Чтобы их восстановить, установите Tor Browser.", Malicious},
		{"<h1>What happened?</h1>Your documents, photos and databases are no longer accessible because they have been encrypted. To get the decryption key, download Tor Browser.", Malicious},
		{"Your network has been penetrated. We downloaded 200 GB of your data. Contact us via qTox within 3 days or we publish it.", Malicious},
		{"Ransomware encrypts files. The note says: Alle Ihre Dateien wurden verschlüsselt, zahlen Sie in Bitcoin. Stellen Sie sie aus der Sicherung wieder her: Wiederherstellung in drei Schritten.", 0},
		{"<p>The note read: “all your files are encrypted”. The gang asked for 12 bitcoin, and its .onion site is gone.</p>", 0},
		{"The files of the clinic were encrypted. Ransomware was not named, and nobody paid 3 bitcoin.", 0},
		{"Your photos were copied to our disks and deleted. To restore them pay 0.1 BTC to bc1q" + strings.Repeat("x8", 19) + " and write to us.", Malicious},
		{"We have downloaded your databases and removed them. To recover them send 0.03 BTC to 1" + strings.Repeat("Ab9", 9) + ".", Malicious},
		{"Ihre Dateien wurden geloescht. Um sie zurueckzubekommen, senden Sie 0,2 Bitcoin an bc1q" + strings.Repeat("x8", 19) + ".", Malicious},
		{"libcopy keeps your files and restores deleted ones. Donate: BTC bc1q" + strings.Repeat("x8", 19), 0},
		{"Your invoice: please pay 0.01 BTC to bc1q" + strings.Repeat("x8", 19) + ". Your data is stored for ten years.", 0},
		{"Ihre Daten werden verschlüsselt übertragen. Sie zahlen mit Bitcoin oder mit der Karte.", 0},
		{"Your data is always encrypted. We accept cards and coins of all kinds.", 0},
		{"Sus datos personales se guardan cifrados, y puede recuperar su clave con un correo.", 0},
	} {
		got := uploadOf("a.html", test.text)
		if test.want != Malicious && test.want != Suspicious { // that a text asks for money is another content
			got = slices.DeleteFunc(got, func(c Content) bool { return c.Kind == Demand })
		}
		if test.want == 0 && len(got) > 0 || test.want != 0 && !slices.ContainsFunc(got, func(c Content) bool { return c.Kind == test.want }) {
			t.Errorf("%s:\ngot %v, want kind %d", test.text, got, test.want)
		}
	}
}
