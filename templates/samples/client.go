package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

var kept struct {
	sync.Mutex
	token string
	until time.Time
}

// token is kept until half a minute before it expires.
func token() (string, error) {
	kept.Lock()
	defer kept.Unlock()
	if time.Now().Before(kept.until) {
		return kept.token, nil
	}
	form := url.Values{
		"grant_type": {"client_credentials"},
		"resource":   { {{- quoted::literal(sample.resource) -}} },{% if !sample.scope.is_empty() %}
		"scope":      { {{- quoted::literal(sample.scope) -}} },{% endif %}
	}
	request, err := http.NewRequest("POST", {{ quoted::literal(sample.token_url) }}, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth({{ quoted::literal(sample.client_id) }}, os.Getenv("CLIENT_SECRET"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("no token: %s %s", response.Status, body)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	kept.token = answer.AccessToken
	kept.until = time.Now().Add(time.Duration(answer.ExpiresIn-30) * time.Second)
	return kept.token, nil
}

func call() {
	token, err := token()
	if err != nil {
		log.Fatal(err)
	}
	request, err := http.NewRequest("GET", {{ quoted::literal(sample.call_url) }}, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		log.Fatal(err)
	}
}

func main() {
	call()
}
