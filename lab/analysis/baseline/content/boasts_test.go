package content

import (
	"slices"
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
		{"Ransomware encrypts files. The note says: Alle Ihre Dateien wurden verschlüsselt, zahlen Sie in Bitcoin. Stellen Sie sie aus der Sicherung wieder her: Wiederherstellung in drei Schritten.", Suspicious},
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
